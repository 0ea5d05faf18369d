// hls::stream for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
//
// `concurrently` runs each process of a dataflow region in a thread of its own. One of them runs at a time, until it
// would read from an empty stream or write into a full one: so values and the order of all that happens are the same in
// each run. Where none can go on, the program says who waits for what and ends with status 70; so it does where those that
// can only ask streams again and again (`empty`, `full`, `read_nb`, `write_nb`), and no token moves.
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
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hls {

// A process of a dataflow region: its name, which of the processes before it must end before it starts (it takes whole
// arrays from them), and what it does.
struct process {
    const char *name;
    std::vector<std::size_t> after;
    std::function<void()> work;
};

// The threads of all processes, of which one has the turn.
class turns {
  public:
    struct task {
        explicit task(const char *called) : name(called) {}
        const char *name;
        std::condition_variable turn;
        bool running = false;
        // What it waits for: something in a stream, or the end of another; neither where it waits for its own processes.
        const char *wants = nullptr;
        const std::string *where = nullptr;
        const task *other = nullptr;
    };

    static turns &all() {
        static turns only;
        return only;
    }

    // The task of this thread; none outside of `concurrently`.
    static task *&mine() {
        static thread_local task *own = nullptr;
        return own;
    }

    // Waits until `ready` is called for `waiter`, which is set to the task of this thread.
    void wait(task *&waiter, const char *wants, const std::string &where) {
        task &own = *mine();
        waiter = &own;
        own.wants = wants;
        own.where = &where;
        std::unique_lock<std::mutex> lock(mutex_);
        give(lock, own);
        own.wants = nullptr;
    }

    void ready(task *&waiter) {
        if (waiter != nullptr) {
            ready_.push_back(waiter);
            waiter = nullptr;
        }
    }

    // Lets others run before a process that asks again and again, in vain, goes on.
    void pass(const char *wants, const std::string &where) {
        task *const own = mine();
        if (own != nullptr) {
            own->wants = wants;
            own->where = &where;
        }
        if (++in_vain_ > MOST_IN_VAIN) {
            if (own == nullptr) {
                stop("stream '%s' is asked again and again for %s it\n", where.c_str(), wants);
            }
            stuck();
        }
        if (own == nullptr) {
            return;
        }
        if (!ready_.empty()) {
            ready_.push_back(own);
            std::unique_lock<std::mutex> lock(mutex_);
            give(lock, *own);
        }
        own->wants = nullptr;
    }

    // Something happened: what was asked in vain may be answered otherwise.
    void moved() { in_vain_ = 0; }

    // Ends the program, which cannot go on, and says why.
    template <typename... VALUES> [[noreturn]] static void stop(const char *why, VALUES... values) {
        std::fflush(stdout);
        std::fputs("csim: deadlock: ", stderr);
        std::fprintf(stderr, why, values...);
        std::fflush(stderr);
        std::_Exit(70);
    }

    void run(const std::vector<process> &processes) {
        if (processes.empty()) {
            return;
        }
        task outermost("");
        task *const caller = mine() != nullptr ? mine() : &outermost;
        group own{caller, processes.size(), std::vector<std::size_t>(processes.size()), {}};
        for (const process &each : processes) {
            own.tasks.emplace_back(each.name);
        }
        std::vector<std::thread> threads;
        std::unique_lock<std::mutex> lock(mutex_);
        std::size_t number = 0;
        for (task &each : own.tasks) {
            own.left[number] = processes[number].after.size();
            tasks_.push_back(&each);
            if (own.left[number] == 0) {
                ready_.push_back(&each);
            } else {
                each.wants = "the end of";
                each.other = own.at(processes[number].after.front());
            }
            threads.emplace_back([this, &own, &processes, &each, number] { work(own, processes, each, number); });
            ++number;
        }
        give(lock, *caller);
        lock.unlock();
        for (std::thread &thread : threads) {
            thread.join();
        }
    }

  private:
    // The processes of one call of `run`: how many have not ended, and for how many others each still waits.
    struct group {
        task *caller;
        std::size_t open;
        std::vector<std::size_t> left;
        std::list<task> tasks;

        task *at(std::size_t wanted) {
            auto found = tasks.begin();
            std::advance(found, static_cast<std::ptrdiff_t>(wanted));
            return &*found;
        }
    };

    // Who asks more often than that without an answer, while no token moves, asks for ever.
    static constexpr unsigned long MOST_IN_VAIN = 1UL << 18;

    std::mutex mutex_;
    unsigned long in_vain_ = 0;
    std::deque<task *> ready_;
    std::list<task *> tasks_;

    // Gives the turn to who has waited longest, and returns when this task has it again.
    void give(std::unique_lock<std::mutex> &lock, task &own) {
        own.running = false;
        next();
        own.turn.wait(lock, [&own] { return own.running; });
    }

    void next() {
        if (ready_.empty()) {
            stuck();
        }
        task *const chosen = ready_.front();
        ready_.pop_front();
        chosen->running = true;
        chosen->turn.notify_one();
    }

    void work(group &own, const std::vector<process> &processes, task &me, std::size_t number) {
        mine() = &me;
        std::unique_lock<std::mutex> lock(mutex_);
        me.turn.wait(lock, [&me] { return me.running; });
        me.wants = nullptr;
        lock.unlock();
        processes[number].work();
        lock.lock();
        moved();
        tasks_.remove(&me);
        for (std::size_t later = 0; later < processes.size(); ++later) {
            for (const std::size_t before : processes[later].after) {
                if (before == number && --own.left[later] == 0) {
                    ready_.push_back(own.at(later));
                }
            }
        }
        if (--own.open == 0) {
            ready_.push_back(own.caller);
        }
        next();
    }

    [[noreturn]] void stuck() const {
        std::fflush(stdout);
        for (const task *each : tasks_) {
            if (each->wants != nullptr) {
                const char *what = each->where != nullptr ? each->where->c_str() : each->other->name;
                std::fprintf(stderr, "csim: deadlock: %s waits for %s %s\n", each->name, each->wants, what);
            }
        }
        std::fflush(stderr);
        std::_Exit(70);
    }
};

inline void concurrently(const std::vector<process> &processes) { turns::all().run(processes); }

// A FIFO of tokens of type T. A process waits for room in it only where `holds` was called; with a DEPTH alone it tells
// when it is full, and still takes what is written.
template <typename T, int DEPTH = 0> class stream {
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

    // It holds at most so many tokens: a process that writes one more waits. `where` is the wire of the design.
    void holds(std::size_t tokens, const char *where) {
        most_ = tokens;
        name_ = where;
    }

    // So many tokens stay in it for the next call, as soon as there were so many.
    void keeps(std::size_t tokens) { kept_ = tokens; }

    void write(const T &token) {
        while (most_ > 0 && tokens_.size() >= most_ && turns::mine() != nullptr) {
            turns::all().wait(writer_, "room in", name_);
        }
        tokens_.push_back(token);
        turns::all().moved();
        turns::all().ready(reader_);
    }

    bool write_nb(const T &token) {
        if (full()) {
            return false;
        }
        write(token);
        return true;
    }

    T read() {
        while (tokens_.empty()) {
            if (turns::mine() == nullptr) {
                turns::stop("stream '%s' was read while empty, after %zu tokens\n", name_.c_str(), reads_);
            }
            turns::all().wait(reader_, "a token in", name_);
        }
        T token = std::move(tokens_.front());
        tokens_.pop_front();
        ++reads_;
        turns::all().moved();
        turns::all().ready(writer_);
        return token;
    }

    void read(T &token) { token = read(); }

    bool read_nb(T &token) {
        if (empty()) {
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

    bool empty() const {
        if (tokens_.empty()) {
            turns::all().pass("a token in", name_);
        }
        return tokens_.empty();
    }

    bool full() const {
        if (is_full()) {
            turns::all().pass("room in", name_);
        }
        return is_full();
    }

    std::size_t size() const { return tokens_.size(); }
    std::size_t capacity() const { return most_ > 0 ? most_ : static_cast<std::size_t>(DEPTH); }

  private:
    std::string name_;
    std::deque<T> tokens_;
    std::size_t most_ = 0;
    std::size_t reads_ = 0;
    std::size_t kept_ = 0;
    turns::task *reader_ = nullptr;
    turns::task *writer_ = nullptr;

    bool is_full() const { return capacity() > 0 && tokens_.size() >= capacity(); }
};

} // namespace hls

#endif
#endif
