#include "berth/daemon/timestamp.h"

#include <cstddef>
#include <cstdint>

namespace berth {
namespace {

// The last digit of `value` stands before `end`.
void PutDigits(int64_t value, size_t digits, std::string& out, size_t end) {
  for (; digits > 0; --digits, value /= 10) out[--end] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string Timestamp(std::chrono::system_clock::time_point time) {
  using std::chrono::floor;
  const auto micros = floor<std::chrono::microseconds>(time);
  const auto day = floor<std::chrono::days>(micros);
  const std::chrono::year_month_day date(day);
  const int64_t of_day = (micros - day).count();
  constexpr int64_t kSecond = 1000000;
  std::string text = "0000-00-00T00:00:00.000000Z";
  PutDigits(static_cast<int>(date.year()), 4, text, 4);
  PutDigits(static_cast<unsigned>(date.month()), 2, text, 7);
  PutDigits(static_cast<unsigned>(date.day()), 2, text, 10);
  PutDigits(of_day / (3600 * kSecond), 2, text, 13);
  PutDigits(of_day / (60 * kSecond) % 60, 2, text, 16);
  PutDigits(of_day / kSecond % 60, 2, text, 19);
  PutDigits(of_day % kSecond, 6, text, 26);
  return text;
}

}  // namespace berth
