// accumulate_controller, a unit of accumulate.
module accumulate_controller (
  input            clk,
  input            rst,
  input            s_axis_tvalid,
  input            m_axis_tready,
  input            s_axis_tlast,
  output reg [6:0] index,
  output reg       last,
  output           idle,
  output           take,
  output           adding,
  output           full,
  output           give
);

  reg [1:0] state;

  assign idle = state == 2'd0;
  assign take = idle && s_axis_tvalid;
  assign adding = state == 2'd2;
  assign full = state == 2'd3;
  assign give = full && m_axis_tready;
  wire moving = take || give || !(idle || full);

  always @(posedge clk) begin
    if (rst) begin
      state <= 2'd0;
      index <= 7'd0;
    end else begin
      if (moving) state <= state + 2'd1;
      if (give) index <= last ? 7'd0 : index + 7'd1;
    end
  end

  always @(posedge clk) begin
    if (take) last <= s_axis_tlast;
  end

endmodule
