// verilator lint_off WIDTHEXPAND
// verilator lint_off WIDTHTRUNC
// verilator lint_off PINMISSING
// What the blocks of ECP5 do that the printed primitives use, after Lattice's FPGA-TN-02205
// (sysDSP) and FPGA-TN-02204 (memory). For simulation and proofs only.
//
// Assumed: MULT18X18D multiplies A and B, each signed where its SIGNED pin is high; a register is
// there if its parameter names CLK0, and then takes a value where CE0 is high, zero where RST0 is.
// DP16KD has 1024 rows of 18 bits. A port of 18 bits has its row in AD[13:4]; one of 9 bits in
// AD[13:3], the lower half of a row first. Row 16 * i + j stands in INITVAL_i from bit 20 * j on. A
// port reads where CE is high, WE low, and CS is as CSDECODE says, which is 0 here; with OUTREG there is
// a register behind it that takes a word where OCE is high.

module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTB_CLK = "NONE", REG_OUTPUT_CLK = "NONE",
  parameter SOURCEB_MODE = "B_SHIFT", GSR = "ENABLED"
) (
  input CLK0, CE0, RST0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  input A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
  input B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
  output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17,
  output P18, P19, P20, P21, P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);

  wire [17:0] a_pins = SOURCEA ? 18'h2aaaa : {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6,
      A5, A4, A3, A2, A1, A0};
  wire [17:0] b_pins = SOURCEB || SOURCEB_MODE != "B_SHIFT" ? 18'h15555 : {B17, B16, B15, B14, B13,
      B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  reg [17:0] a_held, b_held;
  reg [35:0] p_held;
  wire [17:0] a = REG_INPUTA_CLK == "CLK0" ? a_held : a_pins;
  wire [17:0] b = REG_INPUTB_CLK == "CLK0" ? b_held : b_pins;
  wire signed [35:0] a_wide = {{18{SIGNEDA && a[17]}}, a};
  wire signed [35:0] b_wide = {{18{SIGNEDB && b[17]}}, b};
  wire [35:0] product = a_wide * b_wide;

  always @(posedge CLK0) begin
    if (RST0) begin
      a_held <= 0;
      b_held <= 0;
      p_held <= 0;
    end else if (CE0) begin
      a_held <= a_pins;
      b_held <= b_pins;
      p_held <= product;
    end
  end

  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
      P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0}
      = REG_OUTPUT_CLK == "CLK0" ? p_held : product;

endmodule

module read_port #(
  parameter WIDTH = 18, REGISTERED = 0, parameter [20479:0] ROWS = 0
) (
  input clk, ce, oce, we, rst,
  input [2:0] cs,
  input [13:0] address,
  output [17:0] word
);

  reg [17:0] rows [0:1023];
  integer i;
  initial for (i = 0; i < 1024; i = i + 1) rows[i] = ROWS[20 * i +: 18];

  reg [17:0] read, held;
  wire [17:0] row = rows[address[13:4]];

  always @(posedge clk) begin
    if (rst) begin
      read <= 0;
      held <= 0;
    end else begin
      if (ce && !we && cs == 0) read <= WIDTH == 18 ? row : {9'd0, address[3] ? row[17:9] : row[8:0]};
      if (oce) held <= read;
    end
  end

  assign word = REGISTERED ? held : read;

endmodule

module DP16KD #(
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18, REGMODE_A = "NOREG", REGMODE_B = "NOREG",
  parameter GSR = "ENABLED",
  parameter [319:0]
  INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0, INITVAL_04 = 0, INITVAL_05 = 0,
  INITVAL_06 = 0, INITVAL_07 = 0, INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0,
  INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0, INITVAL_10 = 0, INITVAL_11 = 0,
  INITVAL_12 = 0, INITVAL_13 = 0, INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0,
  INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0, INITVAL_1C = 0, INITVAL_1D = 0,
  INITVAL_1E = 0, INITVAL_1F = 0, INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0, INITVAL_23 = 0,
  INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0, INITVAL_28 = 0, INITVAL_29 = 0,
  INITVAL_2A = 0, INITVAL_2B = 0, INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0,
  INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0, INITVAL_34 = 0, INITVAL_35 = 0,
  INITVAL_36 = 0, INITVAL_37 = 0, INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0,
  INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0
) (
  input
  CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2, ADA0, ADA1, ADA2,
  ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
  CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2, ADB0, ADB1, ADB2,
  ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
  output
  DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11,
  DOA12, DOA13, DOA14, DOA15, DOA16, DOA17, DOB0, DOB1, DOB2, DOB3, DOB4, DOB5,
  DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13, DOB14, DOB15, DOB16, DOB17
);

  localparam [20479:0] ROWS = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39,
    INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32,
    INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B,
    INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24,
    INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D,
    INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
    INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F,
    INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
    INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
    INITVAL_00
  };

  read_port #(.WIDTH(DATA_WIDTH_A), .REGISTERED(REGMODE_A == "OUTREG"), .ROWS(ROWS)) port_a (
      .clk(CLKA), .ce(CEA), .oce(OCEA), .we(WEA), .rst(RSTA), .cs({CSA2, CSA1, CSA0}),
      .address({ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1,
      ADA0}), .word({DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7,
      DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0}) );

  read_port #(.WIDTH(DATA_WIDTH_B), .REGISTERED(REGMODE_B == "OUTREG"), .ROWS(ROWS)) port_b (
      .clk(CLKB), .ce(CEB), .oce(OCEB), .we(WEB), .rst(RSTB), .cs({CSB2, CSB1, CSB0}),
      .address({ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1,
      ADB0}), .word({DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7,
      DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0}) );

endmodule
