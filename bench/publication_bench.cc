// How a reader gets at the newest version of an immutable value while somebody publishes new ones: six ways, each as
// small as it can be and right, beside a plain atomic load, which never frees anything.
//
// Every way has a Reader, one for each thread, with Enter and Exit around each use of the value. What they ask of a
// host stands in README.md.
//
// Readers check each value that they see: a torn or freed one is an error, and not timed. Percentiles are of means over
// batches, because an Enter and Exit takes less than reading the clock.

#include <benchmark/benchmark.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/latency.h"
#include "bench/paced_thread.h"

namespace berth::bench {
namespace {

// What is published. Spoiled when it is freed, so that a reader that comes too late notices.
struct Version {
  explicit Version(uint64_t nth) : number(nth), check(~nth) {}
  Version(const Version&) = delete;
  Version& operator=(const Version&) = delete;
  ~Version() { const_cast<volatile uint64_t&>(check) = number; }  // a plain store would be dropped as dead

  [[nodiscard]] bool sound() const { return check == ~number; }

  uint64_t number;
  uint64_t check;
};

using Shared = std::shared_ptr<const Version>;

// --- The ways; Publish is called by one thread at a time ---

// The floor: nothing is freed as long as anybody reads, so nobody has to know who does.
class PlainLoad {
 public:
  class Reader {
   public:
    explicit Reader(PlainLoad& from) : from_(from) {}
    const Version* Enter() { return from_.newest_.load(std::memory_order_acquire); }
    void Exit() {}

   private:
    PlainLoad& from_;
  };

  void Publish(uint64_t number) {
    versions_.push_back(std::make_unique<const Version>(number));
    newest_.store(versions_.back().get(), std::memory_order_release);
  }

 private:
  std::vector<std::unique_ptr<const Version>> versions_;
  std::atomic<const Version*> newest_{nullptr};
};

// As berth/engine/published.h does it.
class LockedPointer {
 public:
  class Reader {
   public:
    explicit Reader(LockedPointer& from) : from_(from) {}
    const Version* Enter() {
      const std::lock_guard lock(from_.mutex_);
      held_ = from_.newest_;
      return held_.get();
    }
    void Exit() { held_.reset(); }

   private:
    LockedPointer& from_;
    Shared held_;
  };

  void Publish(uint64_t number) {
    auto version = std::make_shared<const Version>(number);
    const std::lock_guard lock(mutex_);
    newest_.swap(version);
  }

 private:
  std::mutex mutex_;
  Shared newest_;
};

class AtomicPointer {
 public:
  class Reader {
   public:
    explicit Reader(AtomicPointer& from) : from_(from) {}
    const Version* Enter() {
      held_ = from_.newest_.load(std::memory_order_acquire);
      return held_.get();
    }
    void Exit() { held_.reset(); }

   private:
    AtomicPointer& from_;
    Shared held_;
  };

  void Publish(uint64_t number) { newest_.store(std::make_shared<const Version>(number), std::memory_order_release); }

 private:
  std::atomic<Shared> newest_;
};

// Each reader keeps the version that it used last, and asks for another only when there is one.
class CachedPointer {
 public:
  class Reader {
   public:
    explicit Reader(CachedPointer& from) : from_(from) {}
    const Version* Enter() {
      if (from_.published_.load(std::memory_order_acquire) != seen_) Refresh();
      return held_.get();
    }
    void Exit() {}
    [[nodiscard]] const Shared& held() const { return held_; }

   private:
    void Refresh() {
      Shared before;  // freed, if by this reader, outside the lock
      const std::lock_guard lock(from_.mutex_);
      before = std::exchange(held_, from_.newest_);
      seen_ = from_.published_.load(std::memory_order_relaxed);
    }

    CachedPointer& from_;
    uint64_t seen_ = 0;
    Shared held_;
  };

  void Publish(uint64_t number) {
    auto version = std::make_shared<const Version>(number);
    const std::lock_guard lock(mutex_);
    newest_.swap(version);
    published_.fetch_add(1, std::memory_order_release);
  }

 private:
  std::mutex mutex_;
  Shared newest_;
  std::atomic<uint64_t> published_{0};
};

// The same, where what is read must outlive the reader's next Enter: as a decision that keeps its snapshot.
class CachedPointerCopied : public CachedPointer {
 public:
  class Reader : private CachedPointer::Reader {
   public:
    explicit Reader(CachedPointer& from) : CachedPointer::Reader(from) {}
    const Version* Enter() {
      CachedPointer::Reader::Enter();
      copy_ = held();
      return copy_.get();
    }
    void Exit() { copy_.reset(); }

   private:
    Shared copy_;
  };
};

class RcuMemb {
 public:
  ~RcuMemb() { delete newest_.load(); }

  class Reader {
   public:
    explicit Reader(RcuMemb& from) : from_(from) { urcu_memb_register_thread(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { urcu_memb_unregister_thread(); }
    const Version* Enter() {
      urcu_memb_read_lock();
      return from_.newest_.load(std::memory_order_acquire);
    }
    void Exit() { urcu_memb_read_unlock(); }

   private:
    RcuMemb& from_;
  };

  void Publish(uint64_t number) {
    const Version* const before = newest_.exchange(new Version(number));
    urcu_memb_synchronize_rcu();
    delete before;
  }

 private:
  std::atomic<const Version*> newest_{nullptr};
};

class RcuQsbr {
 public:
  ~RcuQsbr() { delete newest_.load(); }

  class Reader {
   public:
    explicit Reader(RcuQsbr& from) : from_(from) { urcu_qsbr_register_thread(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { urcu_qsbr_unregister_thread(); }
    const Version* Enter() {
      urcu_qsbr_read_lock();
      return from_.newest_.load(std::memory_order_acquire);
    }
    // A host that knows when its threads hold nothing says so more seldom.
    void Exit() {
      urcu_qsbr_read_unlock();
      urcu_qsbr_quiescent_state();
    }

   private:
    RcuQsbr& from_;
  };

  void Publish(uint64_t number) {
    const Version* const before = newest_.exchange(new Version(number));
    urcu_qsbr_synchronize_rcu();
    delete before;
  }

 private:
  std::atomic<const Version*> newest_{nullptr};
};

// Readers say in a slot of their own since when they read, without a fence: the writer's membarrier puts one into every
// running thread instead. A thread takes a slot at its first Enter and gives it back when it ends.
class Epochs {
 public:
  Epochs() { syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0); }
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;
  ~Epochs() { delete newest_.load(); }

  class Reader {
   public:
    explicit Reader(Epochs& from) : from_(from) {}
    const Version* Enter() {
      Slot* slot = mine;
      if (slot == nullptr) slot = TakeSlot();
      slot->since.store(from_.epoch_.load(std::memory_order_acquire), std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      return from_.newest_.load(std::memory_order_acquire);
    }
    void Exit() { mine->since.store(kOutside, std::memory_order_release); }

   private:
    Epochs& from_;
  };

  void Publish(uint64_t number) {
    const Version* const before = newest_.exchange(new Version(number));
    const uint64_t epoch = epoch_.fetch_add(1) + 1;
    // From here on, a reader either shows in its slot that it came before, or finds the new version.
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    for (Slot* slot = slots.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
      for (uint64_t since = slot->since.load(std::memory_order_acquire); since != kOutside && since < epoch;
           since = slot->since.load(std::memory_order_acquire)) {
        std::this_thread::yield();
      }
    }
    delete before;
  }

 private:
  static constexpr uint64_t kOutside = 0;

  struct alignas(64) Slot {
    std::atomic<uint64_t> since{kOutside};
    std::atomic<bool> taken{true};
    Slot* next = nullptr;
  };
  struct Lease {
    ~Lease() {
      if (mine != nullptr) mine->taken.store(false, std::memory_order_release);
    }
  };

  static Slot* TakeSlot() {
    static thread_local const Lease kLease;
    for (Slot* slot = slots.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
      if (!slot->taken.exchange(true, std::memory_order_acq_rel)) return mine = slot;
    }
    auto* slot = new Slot;  // kept for threads to come
    slot->next = slots.load(std::memory_order_relaxed);
    while (!slots.compare_exchange_weak(slot->next, slot, std::memory_order_release, std::memory_order_relaxed)) {
    }
    return mine = slot;
  }

  static inline std::atomic<Slot*> slots{nullptr};
  static inline constinit thread_local Slot* mine = nullptr;

  std::atomic<uint64_t> epoch_{1};
  std::atomic<const Version*> newest_{nullptr};
};

// --- Readers and a writer ---

// One way in use, with a thread that publishes so many versions a second, or none.
template <typename Way>
class InUse {
 public:
  explicit InUse(int64_t per_second) {
    way_.Publish(1);
    if (per_second > 0) writer_.emplace(per_second, [this](uint64_t before) { way_.Publish(before + 2); });
  }

  [[nodiscard]] Way& way() { return way_; }

 private:
  Way way_;
  std::optional<PacedThread> writer_;  // stopped before the way goes
};

template <typename Way>
std::optional<InUse<Way>> in_use;

template <typename Way>
void BM_Enter(benchmark::State& state) {
  constexpr int64_t kBatch = 256;
  typename Way::Reader reader(in_use<Way>->way());
  Latencies latencies;
  bool sound = true;
  uint64_t newest = 0;
  while (state.KeepRunningBatch(kBatch)) {
    const Clock::time_point begin = Clock::now();
    for (int64_t i = 0; i < kBatch; ++i) {
      const Version* const version = reader.Enter();
      sound = sound && version->sound() && version->number >= newest;
      newest = version->number;
      reader.Exit();
    }
    latencies.Add(NanosecondsSince(begin) / static_cast<double>(kBatch));
  }
  if (!sound) state.SkipWithError("a version was torn, freed too early, or older than one before");
  latencies.Report(state);
  state.SetItemsProcessed(state.iterations());
}

template <typename Way>
void Register(const char* name) {
  benchmark::RegisterBenchmark((std::string("BM_Enter/") + name).c_str(), BM_Enter<Way>)
      ->ArgName("publishes_per_s")
      ->Arg(0)
      ->Arg(100)
      ->Threads(1)
      ->Threads(2)
      ->UseRealTime()
      ->Setup([](const benchmark::State& state) { in_use<Way>.emplace(state.range(0)); })
      ->Teardown([](const benchmark::State&) { in_use<Way>.reset(); });
}

const bool kRegistered = [] {
  // From its first thread on, a program's reference counts and locks are atomic. So they are to be in every row.
  std::thread([] {}).join();
  Register<PlainLoad>("plain");
  Register<LockedPointer>("mutex");
  Register<AtomicPointer>("atomic");
  Register<CachedPointer>("cached");
  Register<CachedPointerCopied>("cached_copied");
  Register<RcuMemb>("memb");
  Register<RcuQsbr>("qsbr");
  Register<Epochs>("epoch");
  return true;
}();

}  // namespace
}  // namespace berth::bench
