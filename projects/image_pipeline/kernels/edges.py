"""Edges of an image: blur it, take the gradient (Sobel), and mark where that is steep.

Each stage gives the valid part alone: a window of three by three pixels fits in two rows and columns fewer.
"""

from allo_studio.lang import grid, int11, uint8, uint10, uint11, uint12

ROWS, COLUMNS = 48, 64


def blur(image: uint8[ROWS, COLUMNS]) -> uint8[ROWS - 2, COLUMNS - 2]:
    smooth: uint8[ROWS - 2, COLUMNS - 2]
    for y, x in grid(ROWS - 2, COLUMNS - 2):
        corners: uint10 = image[y, x] + image[y, x + 2] + image[y + 2, x] + image[y + 2, x + 2]
        sides: uint10 = image[y, x + 1] + image[y + 1, x] + image[y + 1, x + 2] + image[y + 2, x + 1]
        total: uint12 = corners + 2 * sides + 4 * image[y + 1, x + 1]
        smooth[y, x] = total >> 4
    return smooth


def sobel(image: uint8[ROWS - 2, COLUMNS - 2]) -> uint11[ROWS - 4, COLUMNS - 4]:
    gradient: uint11[ROWS - 4, COLUMNS - 4]
    for y, x in grid(ROWS - 4, COLUMNS - 4):
        left: uint10 = image[y, x] + 2 * image[y + 1, x] + image[y + 2, x]
        right: uint10 = image[y, x + 2] + 2 * image[y + 1, x + 2] + image[y + 2, x + 2]
        above: uint10 = image[y, x] + 2 * image[y, x + 1] + image[y, x + 2]
        below: uint10 = image[y + 2, x] + 2 * image[y + 2, x + 1] + image[y + 2, x + 2]
        across: int11 = right - left
        down: int11 = below - above
        gradient[y, x] = abs(across) + abs(down)
    return gradient


def threshold(gradient: uint11[ROWS - 4, COLUMNS - 4], level: uint11) -> uint8[ROWS - 4, COLUMNS - 4]:
    marked: uint8[ROWS - 4, COLUMNS - 4]
    for y, x in grid(ROWS - 4, COLUMNS - 4):
        marked[y, x] = 255 if gradient[y, x] > level else 0
    return marked
