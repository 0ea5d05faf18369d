#include <cstdint>

#include "hls_stream.h"

void smooth(hls::stream<int16_t> &x, hls::stream<int16_t> &y) {
    int last[3] = {0, 0, 0};
    for (int i = 0; i < 256; ++i) {
#pragma HLS pipeline II=1
        const int sample = x.read();
        y.write(static_cast<int16_t>((sample + last[0] + last[1] + last[2]) >> 2));
        last[2] = last[1];
        last[1] = last[0];
        last[0] = sample;
    }
}
