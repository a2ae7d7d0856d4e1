// frugal report: a run drawn on a page.
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/output_file.h"
#include "cli/commands.h"
#include "train/report_page.h"

namespace frugal::cli {

namespace {

struct ReportOptions {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path out;
};

void run_report(const ReportOptions& o) {
  const std::string page = train::report_page(o.folders);
  const std::filesystem::path out = o.out.empty() ? o.folders.front() / "report.html" : o.out;
  write_text(out, page);
  fmt::print("{}\n", out.string());
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "report", "Draw loss, validation loss, balance and speed of a run into one HTML page");
  auto options = std::make_shared<ReportOptions>();
  command
      ->add_option("folder", options->folders, "Folder of a run, finished or not; several compare")
      ->required();
  command->add_option("--out", options->out, "The page; by default report.html in the folder");
  command->callback([options] { run_report(*options); });
}

}  // namespace frugal::cli
