# Read in by the scripts that start PostgreSQL and Redis: set $password to what the secret file holds.
read_password() {
    name=$(basename "$1")
    if ! [ -r "$1" ]; then
        echo "error: secrets/$name cannot be read by $(id -un)" >&2
        echo "  to fix it: sh docker/secrets.sh, which makes it if it is missing and corrects its mode" >&2
        exit 1
    fi
    password=$(cat "$1")
    if [ -z "$password" ] || [ "$(printf %s "$password" | wc -l)" -ne 0 ]; then
        echo "error: secrets/$name is empty or has more than one line" >&2
        echo "  to fix it: remove it and run sh docker/secrets.sh" >&2
        exit 1
    fi
}
