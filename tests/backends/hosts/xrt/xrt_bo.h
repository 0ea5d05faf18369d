// A stand-in for XRT's buffers: host and device have memory of their own, which only `sync` makes the same.
#ifndef STAND_IN_XRT_BO_H
#define STAND_IN_XRT_BO_H

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "xrt_device.h"

enum xclBOSyncDirection { XCL_BO_SYNC_BO_TO_DEVICE, XCL_BO_SYNC_BO_FROM_DEVICE };

namespace xrt {

using memory_group = unsigned int;

class bo {
  public:
    // Memory has other bytes than 0 before it is written.
    bo(const device &, std::size_t size, memory_group) : memory_(std::make_shared<Memory>(size)) {}

    void write(const void *source) { std::memcpy(memory_->host.data(), source, memory_->host.size()); }
    void read(void *target) { std::memcpy(target, memory_->host.data(), memory_->host.size()); }

    void sync(xclBOSyncDirection direction) {
        if (direction == XCL_BO_SYNC_BO_TO_DEVICE) {
            memory_->device = memory_->host;
        } else {
            memory_->host = memory_->device;
        }
    }

    void *stand_in_memory() const { return memory_->device.data(); }

  private:
    struct Memory {
        explicit Memory(std::size_t size) : host(size, 0xa5), device(size, 0x5a) {}
        std::vector<unsigned char> host;
        std::vector<unsigned char> device;
    };
    std::shared_ptr<Memory> memory_;
};

} // namespace xrt

#endif
