# vitis_hls -f vitis_hls.tcl
#
# Simulates {{name}}, synthesizes it, and simulates the result on the same vectors.

set vectors [file normalize ../vectors]
set flags "-std=c++14 -DVENDOR_STREAMS"

open_project -reset {{name}}_project
set_top {{name}}
add_files {{name}}.cpp -cflags $flags
add_files -tb testbench.cpp -cflags "$flags -Wno-unknown-pragmas"

open_solution -reset solution -flow_target vivado
set_part {{{part}}}
create_clock -period {{clock_ns}} -name default

set arguments "$vectors/{{vectors}}inputs.txt $vectors/{{vectors}}outputs.txt"
csim_design -argv $arguments
csynth_design
cosim_design -argv $arguments
exit
