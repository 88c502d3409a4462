// accumulate_output, a unit of accumulate.
module accumulate_output (
  input  signed [19:0] array_total,  // s<20,14>
  output  signed [7:0] y  // s<8,4>
);

  wire signed [10:0] y_rounded = {array_total[19], array_total[19:10]}
      + {10'd0, array_total[9] && (array_total[10] || array_total[8:0] != 9'd0)};
  assign y = (y_rounded[9:7] == {3{y_rounded[10]}}) ? y_rounded[7:0]
      : {y_rounded[10], {7{~y_rounded[10]}}};

endmodule
