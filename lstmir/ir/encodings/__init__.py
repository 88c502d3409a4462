"""How constants are stored: patterns, codes and exponents, gate by gate."""

from lstmir.ir.encodings.encoding import Encoding as Encoding
from lstmir.ir.encodings.encoding import patterned as patterned
from lstmir.ir.encodings.patterns import Bank as Bank
from lstmir.ir.encodings.patterns import Block as Block
from lstmir.ir.encodings.patterns import Column as Column
from lstmir.ir.encodings.patterns import Element as Element
from lstmir.ir.encodings.patterns import Empty as Empty
from lstmir.ir.encodings.patterns import Pattern as Pattern
from lstmir.ir.encodings.patterns import Row as Row
from lstmir.ir.encodings.storage import Scale as Scale
from lstmir.ir.encodings.storage import Storage as Storage
