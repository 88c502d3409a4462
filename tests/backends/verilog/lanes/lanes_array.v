// lanes_array, a unit of lanes: All lanes read one word in each cycle, a byte each.
module lanes_array (
  input                clk,
  input          [6:0] address,
  input   signed [7:0] x,
  input                bank,
  output signed [16:0] lane_0_sum,
  output signed [16:0] lane_1_sum,
  output signed [16:0] lane_2_sum
);

  (* rom_style = "block", ram_style = "block" *)
  reg [23:0] rom [0:127];
  initial $readmemh("lanes_rom.mem", rom);

  reg [23:0] word;

  lanes_lane #(.BIAS_IMAGE("lanes_bias_0.mem")) lane_0
      (.clk(clk), .weight(word[7:0]), .operand(x), .bank(bank), .sum(lane_0_sum));
  lanes_lane #(.BIAS_IMAGE("lanes_bias_1.mem")) lane_1
      (.clk(clk), .weight(word[15:8]), .operand(x), .bank(bank), .sum(lane_1_sum));
  lanes_lane #(.BIAS_IMAGE("lanes_bias_2.mem")) lane_2
      (.clk(clk), .weight(word[23:16]), .operand(x), .bank(bank), .sum(lane_2_sum));

  always @(posedge clk) begin
    word <= rom[address];
  end

endmodule
