// Gives back what it gets, through a memory image that says each number to be itself.
// Seven numbers make it break one rule each, two of them only if it is reset.
module echo (
  input             clk,
  input             rst,
  input       [7:0] s_axis_tdata,
  input             s_axis_tvalid,
  output            s_axis_tready,
  input             s_axis_tlast,
  output reg [15:0] m_axis_tdata,
  output reg        m_axis_tvalid,
  input             m_axis_tready,
  output reg        m_axis_tlast,
  output reg  [0:0] m_axis_tuser
);
  localparam [7:0] WRONG = 8'he1, DROPPED = 8'he2, UNSTABLE = 8'he3, JAMMED = 8'he4, TWICE = 8'he5;
  localparam [7:0] KEPT = 8'he6, REMEMBERED = 8'he7;

  reg [7:0] same [0:255];
  reg jammed, again, remembered, stale;
  initial begin
    $readmemh("same.hex", same);
    m_axis_tvalid = 1'b0;
    remembered = 1'b0;
  end

  assign s_axis_tready = !jammed && (!m_axis_tvalid || m_axis_tready);

  always @(posedge clk) begin
    if (rst) begin
      m_axis_tvalid <= m_axis_tvalid && m_axis_tdata[7:0] == KEPT;
      jammed <= 1'b0;
      stale <= remembered;
    end else if (s_axis_tvalid && s_axis_tready) begin
      m_axis_tvalid <= s_axis_tdata != DROPPED;
      m_axis_tdata <= {8'h00, same[s_axis_tdata]} + (s_axis_tdata == WRONG || stale ? 16'h1 : 16'h0);
      m_axis_tlast <= s_axis_tlast;
      m_axis_tuser <= 1'b0;
      jammed <= s_axis_tdata == JAMMED;
      again <= s_axis_tdata == TWICE;
      remembered <= s_axis_tdata == REMEMBERED;
    end else if (m_axis_tready) begin
      m_axis_tvalid <= m_axis_tvalid && again;
      again <= 1'b0;
    end else if (m_axis_tvalid && m_axis_tdata[7:0] == UNSTABLE) begin
      m_axis_tdata[15] <= !m_axis_tdata[15];
    end
  end
endmodule
