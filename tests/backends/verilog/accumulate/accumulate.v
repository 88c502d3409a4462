// accumulate: printed by lstmir from the IR's register-transfer level.
// One clock; reset is synchronous and active high. A remark s<W,F> or u<W,F> is a number format: W
// bits, signed or unsigned, which are worth their integer times 2**-F.
module accumulate (
  input               clk,
  input               rst,
  input  signed [7:0] s_axis_tdata,  // s<8,7>
  input               s_axis_tvalid,
  input               s_axis_tlast,
  input               m_axis_tready,
  output signed [7:0] m_axis_tdata,  // s<8,4>
  output              m_axis_tvalid,
  output              m_axis_tlast,
  output              m_axis_tuser,
  output              s_axis_tready
);

  wire         [6:0] controller_index;
  wire               controller_take;
  wire               controller_adding;
  wire               controller_give;
  wire signed [19:0] array_total;  // s<20,14>

  assign m_axis_tuser = 1'b0;

  accumulate_controller controller (
    .clk(clk),
    .rst(rst),
    .s_axis_tvalid(s_axis_tvalid),
    .m_axis_tready(m_axis_tready),
    .s_axis_tlast(s_axis_tlast),
    .index(controller_index),
    .last(m_axis_tlast),
    .idle(s_axis_tready),
    .take(controller_take),
    .adding(controller_adding),
    .full(m_axis_tvalid),
    .give(controller_give)
  );

  accumulate_array array (
    .clk(clk),
    .rst(rst),
    .controller_take(controller_take),
    .s_axis_tdata(s_axis_tdata),
    .controller_index(controller_index),
    .controller_give(controller_give),
    .controller_last(m_axis_tlast),
    .controller_adding(controller_adding),
    .total(array_total)
  );

  accumulate_output output_ (.array_total(array_total), .y(m_axis_tdata));

endmodule
