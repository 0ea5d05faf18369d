// cascade: the design top as HLS C++, for Vitis HLS and for any C++14 compiler.
#include "top.h"

// top/mm1: kernel gemm
void mm1(const float A[16][16], const float B[16][16], hls::stream<hls::vector<float, 4>> &C) {
#pragma HLS inline off
#pragma HLS array_partition variable=B type=cyclic factor=4 dim=2
    i: for (int i = 0; i < 16; ++i) {
        float C_tile[16];
#pragma HLS array_partition variable=C_tile type=cyclic factor=4 dim=1
        C_fill: for (int C_fill = 0; C_fill < 4; ++C_fill) {  // fills a tile
#pragma HLS pipeline
            C_fill_inner: for (int C_fill_inner = 0; C_fill_inner < 4; ++C_fill_inner) {
#pragma HLS unroll
                C_tile[4 * C_fill + C_fill_inner] = 0.0f;
            }
        }
        k: for (int k = 0; k < 16; ++k) {
            j_outer: for (int j_outer = 0; j_outer < 4; ++j_outer) {
#pragma HLS pipeline II=1
#pragma HLS loop_flatten
#pragma HLS dependence variable=C_tile type=inter direction=RAW distance=4 dependent=true
                j_inner: for (int j_inner = 0; j_inner < 4; ++j_inner) {
#pragma HLS unroll
                    C_tile[4 * j_outer + j_inner] += A[i][k] * B[k][4 * j_outer + j_inner];
                }
            }
        }
        C_back: for (int C_back = 0; C_back < 4; ++C_back) {  // writes a local copy back
#pragma HLS pipeline
            hls::vector<float, 4> C_token;
            C_back_inner: for (int C_back_inner = 0; C_back_inner < 4; ++C_back_inner) {
#pragma HLS unroll
                C_token[C_back_inner] = C_tile[4 * C_back + C_back_inner];
            }
            C.write(C_token);
        }
    }
}

// top/mm2: kernel gemm
void mm2(hls::stream<hls::vector<float, 4>> &A, const float B[16][16], float C[16][16]) {
#pragma HLS inline off
#pragma HLS array_partition variable=B type=cyclic factor=4 dim=2
#pragma HLS array_partition variable=C type=cyclic factor=4 dim=2
    i: for (int i = 0; i < 16; ++i) {
        float C_tile[16];
#pragma HLS array_partition variable=C_tile type=cyclic factor=4 dim=1
        float A_local[16];
        A_copy_0: for (int A_copy_0 = 0; A_copy_0 < 4; ++A_copy_0) {  // fills a local copy
#pragma HLS pipeline
            const hls::vector<float, 4> A_token = A.read();
            A_copy_0_inner: for (int A_copy_0_inner = 0; A_copy_0_inner < 4; ++A_copy_0_inner) {
#pragma HLS unroll
                A_local[4 * A_copy_0 + A_copy_0_inner] = A_token[A_copy_0_inner];
            }
        }
        C_fill: for (int C_fill = 0; C_fill < 4; ++C_fill) {  // fills a tile
#pragma HLS pipeline
            C_fill_inner: for (int C_fill_inner = 0; C_fill_inner < 4; ++C_fill_inner) {
#pragma HLS unroll
                C_tile[4 * C_fill + C_fill_inner] = 0.0f;
            }
        }
        k: for (int k = 0; k < 16; ++k) {
            j_outer: for (int j_outer = 0; j_outer < 4; ++j_outer) {
#pragma HLS pipeline II=1
#pragma HLS loop_flatten
#pragma HLS dependence variable=C_tile type=inter direction=RAW distance=4 dependent=true
                j_inner: for (int j_inner = 0; j_inner < 4; ++j_inner) {
#pragma HLS unroll
                    C_tile[4 * j_outer + j_inner] += A_local[k] * B[k][4 * j_outer + j_inner];
                }
            }
        }
        C_back: for (int C_back = 0; C_back < 4; ++C_back) {  // writes a local copy back
#pragma HLS pipeline
            C_back_inner: for (int C_back_inner = 0; C_back_inner < 4; ++C_back_inner) {
#pragma HLS unroll
                C[i][4 * C_back + C_back_inner] = C_tile[4 * C_back + C_back_inner];
            }
        }
    }
}

// top: a dataflow region
void top(const float A[16][16], const float B[16][16], const float D[16][16], float E[16][16]) {
#pragma HLS dataflow
#pragma HLS interface mode=ap_memory port=A
#pragma HLS interface mode=ap_memory port=B
#pragma HLS interface mode=ap_memory port=D
#pragma HLS interface mode=ap_memory port=E
#pragma HLS interface mode=ap_ctrl_hs port=return
    // top/mm1_C: for a test
    hls::stream<hls::vector<float, 4>> mm1_C("mm1_C");
#pragma HLS stream variable=mm1_C type=fifo depth=6
#ifdef ALLO_STUDIO_HLS_STREAM_H
    // In a C simulation each process is a thread, and a stream holds no more than its FIFO does.
    mm1_C.holds(6, "top/mm1_C");
    hls::concurrently({
        {"top/mm1", {}, [&] { mm1(A, B, mm1_C); }},
        {"top/mm2", {}, [&] { mm2(mm1_C, D, E); }},
    });
#else
    mm1(A, B, mm1_C);  // top/mm1
    mm2(mm1_C, D, E);  // top/mm2
#endif
}
