import numpy as np


def smooth(x):
    before = np.concatenate([np.zeros(3, np.int32), x.astype(np.int32)])
    sums = before[3:] + before[2:-1] + before[1:-2] + before[:-3]
    return (sums >> 2).astype(np.int16)
