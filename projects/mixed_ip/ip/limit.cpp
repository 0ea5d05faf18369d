#include "limit.h"

namespace signals {

template <int COUNT> void limit(hls::stream<ap_int<32> > &x, hls::stream<ap_int<16> > &y) {
    for (int i = 0; i < COUNT; ++i) {
#pragma HLS pipeline II=1
        y.write(saturated<16>(x.read()));
    }
}

} // namespace signals
