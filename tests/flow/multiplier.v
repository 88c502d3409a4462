// A number from a memory image times the input, through registers on all sides.
module multiplier (
  input                    clk,
  input                    rst,
  input             [8:0]  address,
  input      signed [15:0] x,
  output reg signed [31:0] y
);
  (* rom_style = "block", ram_style = "block" *) reg signed [15:0] weights [0:511];
  reg signed [15:0] weight, factor;
  initial $readmemh("weights.hex", weights);

  always @(posedge clk) begin
    weight <= weights[address];
    factor <= x;
    y <= rst ? 32'sd0 : weight * factor;
  end
endmodule
