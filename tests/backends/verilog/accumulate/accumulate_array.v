// accumulate_array, a unit of accumulate.
module accumulate_array (
  input                    clk,
  input                    rst,
  input                    controller_take,
  input       signed [7:0] s_axis_tdata,  // s<8,7>
  input              [6:0] controller_index,
  input                    controller_give,
  input                    controller_last,
  input                    controller_adding,
  output reg signed [19:0] total  // s<20,14>
);

  (* rom_style = "block", ram_style = "block" *)
  reg signed [7:0] weights [0:127];
  initial $readmemh("accumulate_weights.mem", weights);

  reg  signed [7:0] x;  // s<8,7>
  reg  signed [7:0] weight;  // s<8,7>
  reg signed [15:0] product;  // s<16,14>

  wire signed [20:0] total_sum = {total[19], total} + {{5{product[15]}}, product};

  always @(posedge clk) begin
    if (rst) begin
      total <= 20'sd0;
    end else if (controller_adding) begin
      total <= (total_sum[19] == total_sum[20]) ? total_sum[19:0]
          : {total_sum[20], {19{~total_sum[20]}}};
    end else if (controller_give && controller_last) begin
      total <= 20'sd0;
    end
  end

  always @(posedge clk) begin
    if (controller_take) x <= s_axis_tdata;
    weight <= weights[controller_index];
    product <= weight * x;
  end

endmodule
