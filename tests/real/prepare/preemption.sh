export HOME=$PWD GOCACHE=$PWD/cache GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=0 GOEXPERIMENT=
go build -o program preemption.go
rm -rf cache go preemption.go
