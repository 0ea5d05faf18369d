from allo_studio.lang import int16, int32


def amplify(x: int16[256], gain: int16) -> int32[256]:
    y: int32[256]
    for i in range(256):
        y[i] = x[i] * gain
    return y


def highest(x: int16[256]) -> int16[16]:
    y: int16[16]
    for i in range(16):
        most: int16 = -32768
        for j in range(16):
            most = max(most, x[16 * i + j])
        y[i] = most
    return y
