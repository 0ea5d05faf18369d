// A stand-in for XRT's devices: there is one, and it takes any file that is there.
#ifndef STAND_IN_XRT_DEVICE_H
#define STAND_IN_XRT_DEVICE_H

#include <fstream>
#include <stdexcept>
#include <string>

namespace xrt {

class uuid {};

class device {
  public:
    explicit device(unsigned int index) {
        if (index != 0) {
            throw std::runtime_error("no such device " + std::to_string(index));
        }
    }

    uuid load_xclbin(const std::string &path) {
        if (!std::ifstream(path)) {
            throw std::runtime_error("failed to open file '" + path + "' for reading");
        }
        return {};
    }
};

} // namespace xrt

#endif
