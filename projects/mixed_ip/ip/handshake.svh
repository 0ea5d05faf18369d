// What both modules have in common: cycle `t` of an invocation reads token `t` and writes what token `t - 1` became. A
// cycle happens when both can move.
  reg busy;
  reg [15:0] t;
  wire active = start | busy;
  wire takes = active & (t < COUNT);
  wire gives = active & (t != 0);
  wire run = active & (~takes | x_valid) & (~gives | y_ready);
  assign x_ready = takes & (~gives | y_ready);
  assign y_valid = gives & (~takes | x_valid);
  assign ready = ~busy & run;
  assign done = run & (t == COUNT);
  always @(posedge clk)
    if (rst) begin
      busy <= 1'b0;
      t <= 16'd0;
    end else if (run) begin
      busy <= ~done;
      t <= done ? 16'd0 : t + 16'd1;
    end
