// A stand-in for XRT's kernels: a run calls `stand_in_kernel` with the memory of each argument.
#ifndef STAND_IN_XRT_KERNEL_H
#define STAND_IN_XRT_KERNEL_H

#include <cstddef>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "xrt_bo.h"

enum ert_cmd_state { ERT_CMD_STATE_NEW = 1, ERT_CMD_STATE_COMPLETED = 4, ERT_CMD_STATE_ERROR = 5 };

extern "C" const char *const stand_in_name;
extern "C" void stand_in_kernel(void *const *arguments, std::size_t count);

namespace xrt {

class kernel {
  public:
    kernel(const device &, const uuid &, const std::string &name) {
        if (name != stand_in_name) {
            throw std::runtime_error("no kernel " + name);
        }
    }

    int group_id(int argument) const { return argument; }
};

class run {
  public:
    explicit run(const kernel &) {}

    void set_arg(int index, const bo &buffer) {
        buffers_.push_back(buffer);
        arguments_[index] = buffer.stand_in_memory();
    }

    void set_arg(int index, const void *value, std::size_t bytes) {
        // As in a register: no more than was given, and nothing of what lies behind it.
        scalars_[index].assign(64, 0);
        std::memcpy(scalars_[index].data(), value, bytes);
        arguments_[index] = scalars_[index].data();
    }

    void start() {
        std::vector<void *> passed;
        for (const auto &[index, memory] : arguments_) {
            if (index != static_cast<int>(passed.size())) {
                throw std::runtime_error("an argument is missing");
            }
            passed.push_back(memory);
        }
        stand_in_kernel(passed.data(), passed.size());
    }

    ert_cmd_state wait() const { return ERT_CMD_STATE_COMPLETED; }

  private:
    std::vector<bo> buffers_;
    std::map<int, std::vector<unsigned char>> scalars_;
    std::map<int, void *> arguments_;
};

} // namespace xrt

#endif
