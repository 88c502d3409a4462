// {{name}}: a recurrent network as an accelerator between two AXI4-Streams.
//
// in   a beat is one element, {{input_format}}, extended to {{input_width}} bits.
//      {{step}} beats are a time step; a packet is a sequence of at least one step.
// out  a packet for each: {{answer}}, {{output_format}}, extended to {{output_width}} bits.
//
// A packet that ends inside a step is dropped: one beat of zeros with `user` = 1 answers it{{behind}}.

#ifndef {{guard}}_H
#define {{guard}}_H
{{limit}}
#include <ap_fixed.h>

#include "stream.h"

typedef InputBeat<{{input_width}}> {{name}}_input;
typedef OutputBeat<{{output_width}}> {{name}}_output;

// Runs one packet, from the initial states on.
void {{name}}(hls::stream<{{name}}_input>& input, hls::stream<{{name}}_output>& output);

#endif
