# Sourced by the tests of the chat page: builds it, or skips the test.
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
status=0
"$root/tools/build_web.sh" --tests || status=$?
[ $status -ne 3 ] || { echo "SKIPPED: the packages of web/package.json could not be fetched"; exit 77; }
[ $status -eq 0 ] || exit $status
