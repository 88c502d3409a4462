// The constants of {{name}}: the integers behind fixed-point numbers. A comment says which.

#ifndef {{guard}}_WEIGHTS_H
#define {{guard}}_WEIGHTS_H

#include "tile.h"

namespace {

{{constants}}

}  // namespace

#endif
