# Read by bash before a command (BASH_ENV): reports where the command ended up, whatever way it ends.
unset BASH_ENV
trap "{ pwd -P >&$OLLAMA_CODE_DIRECTORY_FD; } 2>/dev/null" EXIT
unset OLLAMA_CODE_DIRECTORY_FD
