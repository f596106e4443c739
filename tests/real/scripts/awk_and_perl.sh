awk '{ count[$3]++ } END { for (key in count) print key, count[key] | "sort -n"; close("sort -n") }' lines
awk 'BEGIN { while (("seq 1 5" | getline line) > 0) sum += line; print sum; srand(); print (rand() < 1) }'
awk 'BEGIN { system("echo from system"); print ENVIRON["LANG"]; printf "%.3f\n", sin(1) }'
perl -e 'my %h; while (<>) { my @f = split; $h{$f[2]}++ } print "$_ $h{$_}\n" for sort { $a <=> $b } keys %h' lines
perl -e 'my %h = map { $_ => 1 } 1 .. 50; print join(",", keys %h), "\n"' >order; wc -w order
perl -e 'print rand() < 1 ? "random\n" : "no\n"; my $p = fork; if (!$p) { print "child\n"; exit 3 } waitpid $p, 0; print $? >> 8, "\n"'
perl -MFile::Temp=tempfile -e 'my ($f, $n) = tempfile(UNLINK => 1); print $f "x\n"; close $f; print -s $n, "\n"'
perl -MTime::HiRes=time,sleep -e 'my $t = time; sleep 0.05; print time - $t >= 0.05 ? "slept\n" : "no\n"'
perl -e '$SIG{ALRM} = sub { print "alarm\n"; exit 0 }; alarm 1; select undef, undef, undef, 5'
perl -e 'open my $p, "-|", "seq 1 1000" or die; my $s = 0; $s += $_ while <$p>; print "$s\n"; print `echo ticks`'
perl -MDigest::MD5=md5_hex -MPOSIX -e 'print md5_hex("x"), " ", POSIX::floor(2.5), "\n"; printf "%s\n", $$ == POSIX::getpid()'
perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die; if (!fork) { my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport); print $c "hello\n"; exit } my $s = $l->accept; print scalar <$s>; wait'
