// accumulate: printed by lstmir from the IR's register-transfer level.
// One clock; reset is synchronous and active high. A remark s<W,F> or u<W,F> is a number format:
// W bits, signed or unsigned, which are worth their integer times 2**-F.
module accumulate (
  input                   clk,
  input                   rst,
  input      signed [7:0] s_axis_tdata,  // s<8,7>
  input                   s_axis_tvalid,
  input                   s_axis_tlast,
  input                   m_axis_tready,
  output     signed [7:0] m_axis_tdata,  // s<8,4>
  output                  m_axis_tvalid,
  output reg              m_axis_tlast,
  output                  m_axis_tuser,
  output                  s_axis_tready
);

  // ---- controller ----
  reg [1:0] state;
  reg [6:0] index;
  assign s_axis_tready = state == 2'd0;
  wire take = s_axis_tready && s_axis_tvalid;
  wire adding = state == 2'd2;
  assign m_axis_tvalid = state == 2'd3;
  wire give = m_axis_tvalid && m_axis_tready;
  wire moving = take || give || !(s_axis_tready || m_axis_tvalid);

  always @(posedge clk) begin
    if (rst) begin
      state <= 2'd0;
      index <= 7'd0;
    end else begin
      if (moving) state <= state + 2'd1;
      if (give) index <= m_axis_tlast ? 7'd0 : index + 7'd1;
    end
  end

  always @(posedge clk) begin
    if (take) m_axis_tlast <= s_axis_tlast;
  end

  // ---- array ----
  (* rom_style = "block", ram_style = "block" *)
  reg signed [7:0] weights [0:127];
  initial $readmemh("accumulate_weights.mem", weights);
  reg  signed [7:0] x;  // s<8,7>
  reg  signed [7:0] weight;  // s<8,7>
  reg signed [15:0] product;  // s<16,14>
  reg signed [19:0] total;  // s<20,14>
  wire signed [20:0] sum = {total[19], total} + {{5{product[15]}}, product};

  always @(posedge clk) begin
    if (rst) begin
      total <= 20'sd0;
    end else if (adding) begin
      total <= (sum[19] == sum[20]) ? sum[19:0] : {sum[20], {19{~sum[20]}}};
    end else if (give && m_axis_tlast) begin
      total <= 20'sd0;
    end
  end

  always @(posedge clk) begin
    if (take) x <= s_axis_tdata;
    weight <= weights[index];
    product <= weight * x;
  end

  // ---- output ----
  wire signed [10:0] y_rounded = {total[19], total[19:10]}
      + {10'd0, total[9] && (total[10] || total[8:0] != 9'd0)};
  assign m_axis_tdata = (y_rounded[9:7] == {3{y_rounded[10]}}) ? y_rounded[7:0]
      : {y_rounded[10], {7{~y_rounded[10]}}};

  assign m_axis_tuser = 1'b0;

endmodule
