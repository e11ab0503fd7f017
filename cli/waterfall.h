// The candidates of a rejected launch, step by step: how many each filter and constraint takes away, and how many each
// remedy would bring back.

#ifndef BERTH_CLI_WATERFALL_H_
#define BERTH_CLI_WATERFALL_H_

#include "berth/cli/terminal.h"
#include "berth/engine/waterfall.h"

namespace berth::cli {

void PrintWaterfall(const Waterfall& waterfall, size_t remedies, Stream& out);

}  // namespace berth::cli

#endif  // BERTH_CLI_WATERFALL_H_
