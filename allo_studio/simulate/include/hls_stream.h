// hls::stream for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
//
// The simulation runs one process after the other, so a stream holds as many tokens as its producer writes, and a read
// while it is empty can never be served: it ends the program with status 70 and the stream's name. Processes that take
// each other's tokens are run by `concurrently`: one at a time, until it would read from an empty stream.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <hls_stream.h>
#else
#ifndef ALLO_STUDIO_HLS_STREAM_H
#define ALLO_STUDIO_HLS_STREAM_H

#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace hls {

// The processes of `concurrently`: whoever has the lock runs.
class turns {
  public:
    class queue {
      public:
        virtual bool is_empty() const = 0;

      protected:
        ~queue() = default;
    };

    static turns &all() {
        static turns only;
        return only;
    }

    // The lock of this thread; none outside of `concurrently`.
    static std::unique_lock<std::mutex> *&mine() {
        static thread_local std::unique_lock<std::mutex> *held = nullptr;
        return held;
    }

    // Waits for a token; returns false where none will ever come.
    bool wait(const queue &wanted) {
        if (mine() == nullptr) {
            return false;
        }
        const auto place = waits_.insert(waits_.end(), &wanted);
        --running_;
        changed_.notify_all();
        while (wanted.is_empty()) {
            if (stuck()) {
                return false;
            }
            changed_.wait(*mine());
        }
        ++running_;
        waits_.erase(place);
        return true;
    }

    void told() {
        if (mine() != nullptr) {
            changed_.notify_all();
        }
    }

    template <typename... Processes> void run(Processes... processes) {
        std::unique_lock<std::mutex> own;
        std::unique_lock<std::mutex> *outer = mine();
        if (outer == nullptr) {
            own = std::unique_lock<std::mutex>(mutex_);
            mine() = &own;
            ++running_;
        }
        // The last of them to end gives the turn back to this thread.
        std::size_t left = sizeof...(processes);
        running_ += sizeof...(processes) - 1;
        std::thread threads[] = {std::thread([this, &left, processes] { work(processes, left); })...};
        mine()->unlock();
        for (std::thread &thread : threads) {
            thread.join();
        }
        mine()->lock();
        if (outer == nullptr) {
            --running_;
            mine() = nullptr;
        }
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    // Threads that wait for no token, and what the others wait for.
    std::size_t running_ = 0;
    std::list<const queue *> waits_;

    bool stuck() const {
        for (const queue *wanted : waits_) {
            if (!wanted->is_empty()) {
                return false;
            }
        }
        return running_ == 0;
    }

    template <typename Process> void work(Process process, std::size_t &left) {
        std::unique_lock<std::mutex> lock(mutex_);
        mine() = &lock;
        process();
        if (--left > 0) {
            --running_;
            changed_.notify_all();
        }
    }
};

template <typename... Processes> void concurrently(Processes... processes) { turns::all().run(processes...); }

// A FIFO of tokens of type T. DEPTH is what the hardware would hold; the simulation only remembers the most ever held.
template <typename T, int DEPTH = 0> class stream : private turns::queue {
  public:
    stream() : name_("unnamed") {}
    explicit stream(const char *name) : name_(name) {}
    stream(const stream &) = delete;
    stream &operator=(const stream &) = delete;

    ~stream() {
        const std::size_t written = reads_ + tokens_.size();
        if (tokens_.size() != (kept_ < written ? kept_ : written)) {
            std::fprintf(stderr, "csim: leftover: stream '%s' still holds %zu tokens that no process read%s\n",
                         name_.c_str(), tokens_.size(), kept_ > 0 ? ", other than stay for the next call" : "");
        }
    }

    // So many tokens stay in it for the next call, as soon as there were so many.
    void keeps(std::size_t tokens) { kept_ = tokens; }

    void write(const T &token) {
        tokens_.push_back(token);
        most_ = tokens_.size() > most_ ? tokens_.size() : most_;
        turns::all().told();
    }

    bool write_nb(const T &token) {
        write(token);
        return true;
    }

    T read() {
        if (tokens_.empty() && !turns::all().wait(*this)) {
            std::fflush(stdout);
            std::fprintf(stderr, "csim: deadlock: stream '%s' was read while empty, after %zu tokens\n", name_.c_str(), reads_);
            std::fflush(stderr);
            std::_Exit(70);
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
    std::size_t kept_ = 0;

    bool is_empty() const override { return tokens_.empty(); }
};

} // namespace hls

#endif
#endif
