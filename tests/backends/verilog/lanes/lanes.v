// lanes: printed by lstmir from the IR's register-transfer level.
// Three bytes of a table, each times x and plus a bias.
// One clock; reset is synchronous and active high. A remark s<W,F> or u<W,F> is a number format: W
// bits, signed or unsigned, which are worth their integer times 2**-F.
module lanes (
  input                clk,
  input                rst,
  input   signed [7:0] x,
  input          [6:0] address,
  input                bank,
  output signed [16:0] y0,
  output signed [16:0] y1,
  output signed [16:0] y2
);

  lanes_array array (.clk(clk), .address(address), .x(x), .bank(bank), .lane_0_sum(y0),
      .lane_1_sum(y1), .lane_2_sum(y2));

  // Bits that nothing looks at.
  wire unused = &{1'b0, rst};

endmodule
