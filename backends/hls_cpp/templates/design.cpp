// {{name}}, printed from level 4 of its IR. Names are those of the IR.
//
// Arithmetic is exact. Numbers lose bits only where they are converted to a type that says how: with
// AP_TRN, AP_RND, AP_RND_CONV or AP_TRN_ZERO, and AP_SAT or AP_WRAP.

#include "{{name}}.h"

#include "packet.h"
#include "tile.h"
#include "weights.h"

namespace {

// s8_4 is the IR's !fx.s<8,4>: 8 bits, 4 of them fraction bits. u is unsigned, m is minus.
{{types}}
{{most_steps}}
}  // namespace

void {{name}}(hls::stream<{{name}}_input>& input, hls::stream<{{name}}_output>& output) {
#pragma HLS INTERFACE axis port=input
#pragma HLS INTERFACE axis port=output
#pragma HLS INTERFACE ap_ctrl_none port=return
{{body}}
}
