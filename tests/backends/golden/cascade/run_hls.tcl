# Simulates and synthesises top with Vitis HLS 2022.1 or newer:
#
#     vitis_hls -f run_hls.tcl                    (up to 2024.1)
#     vitis-run --mode hls --tcl run_hls.tcl      (newer)
#
# With ALLO_COSIM=1 in the environment the RTL is simulated too, with ALLO_EXPORT=1 it is packed as an IP.
set here [file dirname [file normalize [info script]]]
set data [file join $here csim data]
cd $here

open_project -reset cascade_hls
set_top top
add_files top.cpp -cflags "-std=c++17 -ffp-contract=off"
add_files -tb top_tb.cpp -cflags "-std=c++17 -ffp-contract=off"

open_solution -reset solution -flow_target vivado
set_part {xcu280-fsvh2892-2L-e}
create_clock -period 3.33 -name default

# The data of the C simulation is written by `allo-studio simulate`; without it there is nothing to compare.
if {[file isdirectory $data]} {
    csim_design -argv $data
}
csynth_design
if {[info exists ::env(ALLO_COSIM)] && [file isdirectory $data]} {
    cosim_design -argv $data
}
if {[info exists ::env(ALLO_EXPORT)]} {
    export_design -format ip_catalog
}
exit
