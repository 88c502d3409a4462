// lanes_multiplier, a unit of lanes.
module lanes_multiplier (
  input   signed [7:0] weight,
  input   signed [7:0] operand,
  output signed [15:0] product
);

  assign product = weight * operand;

endmodule
