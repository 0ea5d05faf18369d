#pragma once

#include "ap_int.h"
#include "hls_stream.h"

namespace signals {

// The number of BITS bits that is nearest to a value.
template <int BITS> ap_int<BITS> saturated(ap_int<32> value) {
    const ap_int<32> most = (ap_int<32>(1) << (BITS - 1)) - 1;
    const ap_int<32> least = -most - 1;
    return value > most ? most : value < least ? least : value;
}

template <int COUNT> void limit(hls::stream<ap_int<32> > &x, hls::stream<ap_int<16> > &y);

} // namespace signals
