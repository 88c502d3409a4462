// lanes_lane, a unit of lanes: A multiplier and what is added to its product. The biases of a lane
// are in its image.
module lanes_lane #(
  parameter BIAS_IMAGE = "lanes_bias_0.mem"
) (
  input                    clk,
  input       signed [7:0] weight,
  input       signed [7:0] operand,
  input                    bank,
  output reg signed [16:0] sum
);

  reg signed [7:0] bias [0:1];
  initial $readmemh(BIAS_IMAGE, bias);

  wire signed [15:0] multiplier_product;

  wire signed [7:0] biased = bias[bank];
  wire signed [16:0] total = {multiplier_product[15], multiplier_product}
      + {{9{biased[7]}}, biased};

  lanes_multiplier multiplier (.weight(weight), .operand(operand), .product(multiplier_product));

  always @(posedge clk) begin
    sum <= total;
  end

endmodule
