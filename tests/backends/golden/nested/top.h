#ifndef ALLO_STUDIO_TOP_H
#define ALLO_STUDIO_TOP_H

#include <cstdint>
#include "hls_stream.h"
#include "hls_vector.h"

void top(const float A[16][16], const float B[16][16], const float D[16][16], float F[16][16]);

#endif
