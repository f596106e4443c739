export HOME=$PWD GOCACHE=$PWD/cache GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=0
go build -o program main.go
rm -rf cache go main.go
