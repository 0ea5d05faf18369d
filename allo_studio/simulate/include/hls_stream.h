// hls::stream for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
//
// The simulation runs one process after the other, so a stream holds as many tokens as its producer writes, and a read
// while it is empty can never be served: it ends the program with status 70 and the stream's name.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <hls_stream.h>
#else
#ifndef ALLO_STUDIO_HLS_STREAM_H
#define ALLO_STUDIO_HLS_STREAM_H

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <utility>

namespace hls {

// A FIFO of tokens of type T. DEPTH is what the hardware would hold; the simulation only remembers the most ever held.
template <typename T, int DEPTH = 0> class stream {
  public:
    stream() : name_("unnamed") {}
    explicit stream(const char *name) : name_(name) {}
    stream(const stream &) = delete;
    stream &operator=(const stream &) = delete;

    ~stream() {
        if (!tokens_.empty()) {
            std::fprintf(stderr, "csim: leftover: stream '%s' still holds %zu tokens that no process read\n", name_.c_str(),
                         tokens_.size());
        }
    }

    void write(const T &token) {
        tokens_.push_back(token);
        most_ = tokens_.size() > most_ ? tokens_.size() : most_;
    }

    bool write_nb(const T &token) {
        write(token);
        return true;
    }

    T read() {
        if (tokens_.empty()) {
            std::fflush(stdout);
            std::fprintf(stderr, "csim: deadlock: stream '%s' was read while empty, after %zu tokens\n", name_.c_str(), reads_);
            std::exit(70);
        }
        T token = std::move(tokens_.front());
        tokens_.pop_front();
        ++reads_;
        return token;
    }

    void read(T &token) { token = read(); }

    bool read_nb(T &token) {
        if (tokens_.empty()) {
            return false;
        }
        token = read();
        return true;
    }

    stream &operator<<(const T &token) {
        write(token);
        return *this;
    }

    stream &operator>>(T &token) {
        read(token);
        return *this;
    }

    bool empty() const { return tokens_.empty(); }
    // A queue that grows is never full; with a stated depth it is full where the hardware's would be.
    bool full() const { return DEPTH > 0 && tokens_.size() >= static_cast<std::size_t>(DEPTH); }
    std::size_t size() const { return tokens_.size(); }
    std::size_t capacity() const { return static_cast<std::size_t>(DEPTH); }
    std::size_t most_held() const { return most_; }

  private:
    std::string name_;
    std::deque<T> tokens_;
    std::size_t most_ = 0;
    std::size_t reads_ = 0;
};

} // namespace hls

#endif
#endif
