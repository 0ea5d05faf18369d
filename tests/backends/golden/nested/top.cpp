// nested: the design top as HLS C++, for Vitis HLS and for any C++14 compiler.
#include "top.h"

// top/sub/mm1: kernel gemm
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

// top/sub/mm2: kernel gemm
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

// top/mm3: kernel gemm
void mm3(const float A[16][16], const float B[16][16], float C[16][16]) {
#pragma HLS inline off
    C_init_0: for (int C_init_0 = 0; C_init_0 < 16; ++C_init_0) {  // gemm.py:6
        C_init_1: for (int C_init_1 = 0; C_init_1 < 16; ++C_init_1) {  // gemm.py:6
#pragma HLS pipeline
#pragma HLS loop_flatten
            C[C_init_0][C_init_1] = 0.0f;  // gemm.py:6
        }
    }
    i: for (int i = 0; i < 16; ++i) {  // gemm.py:7
        j: for (int j = 0; j < 16; ++j) {  // gemm.py:7
            k: for (int k = 0; k < 16; ++k) {  // gemm.py:8
#pragma HLS pipeline
#pragma HLS loop_flatten
                C[i][j] += A[i][k] * B[k][j];  // gemm.py:9
            }
        }
    }
}

// top/sub: a dataflow region
void top_sub(const float A[16][16], const float B[16][16], const float D[16][16], float E[16][16]) {
#pragma HLS dataflow
    // top/mm1_C: for a test
    hls::stream<hls::vector<float, 4>> mm1_C("mm1_C");
#pragma HLS stream variable=mm1_C type=fifo depth=6
#ifdef ALLO_STUDIO_HLS_STREAM_H
    // In a C simulation each process is a thread, and a stream holds no more than its FIFO does.
    mm1_C.holds(6, "top/mm1_C");
    hls::concurrently({
        {"top/sub/mm1", {}, [&] { mm1(A, B, mm1_C); }},
        {"top/sub/mm2", {}, [&] { mm2(mm1_C, D, E); }},
    });
#else
    mm1(A, B, mm1_C);  // top/sub/mm1
    mm2(mm1_C, D, E);  // top/sub/mm2
#endif
}

// top: a sequential region
void top(const float A[16][16], const float B[16][16], const float D[16][16], float F[16][16]) {
#pragma HLS interface mode=ap_memory port=A
#pragma HLS interface mode=ap_memory port=B
#pragma HLS interface mode=ap_memory port=D
#pragma HLS interface mode=ap_memory port=F
#pragma HLS interface mode=ap_ctrl_hs port=return
    // top/sub_E: for a test
    float sub_E[16][16];
    top_sub(A, B, D, sub_E);  // top/sub
    mm3(sub_E, B, F);  // top/mm3
}
