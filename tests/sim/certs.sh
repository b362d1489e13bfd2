#!/bin/sh
# Throwaway keys for the simulator: a CA, a server certificate for localhost, an unrelated CA, the
# RSA pair that signs and verifies the JWT, and a certificate that signs client assertions. What is
# there already stays.
set -eu

[ $# -eq 1 ] || { echo "usage: certs.sh DIR" >&2; exit 64; }
mkdir -p "$1"
cd "$1"
umask 077

ca() { # file stem, common name
    [ -s "$1.pem" ] && return
    openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=$2" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout "$1.key" -out "$1.pem.part" 2>/dev/null
    mv "$1.pem.part" "$1.pem"
}

ca ca "dealsync-sim CA"
ca other-ca "unrelated CA"

if [ ! -s server.pem ]; then
    openssl req -new -newkey rsa:2048 -nodes -subj "/CN=localhost" \
        -keyout server.key -out server.csr 2>/dev/null
    printf '%s\n' "subjectAltName=DNS:localhost,IP:127.0.0.1" "basicConstraints=CA:FALSE" \
        "extendedKeyUsage=serverAuth" > server.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 3650 \
        -extfile server.ext -out server.pem.part 2>/dev/null
    mv server.pem.part server.pem
    rm -f server.csr server.ext
fi

if [ ! -s jwt.pub.pem ]; then
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out jwt.key 2>/dev/null
    chmod 600 jwt.key
    openssl pkey -in jwt.key -pubout -out jwt.pub.pem.part
    mv jwt.pub.pem.part jwt.pub.pem
fi

if [ ! -s dv-client.pem ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=dealsync client" \
        -keyout dv-client.key -out dv-client.pem.part 2>/dev/null
    chmod 600 dv-client.key
    mv dv-client.pem.part dv-client.pem
fi
