export HOME=$PWD GOCACHE=$PWD/cache GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=0
go build -o server server.go
rm -rf cache go server.go
