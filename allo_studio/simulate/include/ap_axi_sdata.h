// Packets of AXI streams for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <ap_axi_sdata.h>
#else
#ifndef ALLO_STUDIO_AP_AXI_SDATA_H
#define ALLO_STUDIO_AP_AXI_SDATA_H

#include <cstddef>

#include "ap_int.h"

namespace hls {

// One transfer: data, a bit for each byte of it (TKEEP, TSTRB), TLAST, and the signals TUSER, TID and TDEST, of a bit
// where they are not there.
template <typename T, std::size_t USER, std::size_t ID, std::size_t DEST> struct axis {
    static constexpr int bytes = (T::width + 7) / 8;

    T data;
    ap_uint<bytes> keep;
    ap_uint<bytes> strb;
    ap_uint<USER == 0 ? 1 : USER> user;
    ap_uint<1> last;
    ap_uint<ID == 0 ? 1 : ID> id;
    ap_uint<DEST == 0 ? 1 : DEST> dest;
};

} // namespace hls

template <std::size_t DATA, std::size_t USER, std::size_t ID, std::size_t DEST>
using ap_axis = hls::axis<ap_int<DATA>, USER, ID, DEST>;
template <std::size_t DATA, std::size_t USER, std::size_t ID, std::size_t DEST>
using ap_axiu = hls::axis<ap_uint<DATA>, USER, ID, DEST>;

#endif
#endif
