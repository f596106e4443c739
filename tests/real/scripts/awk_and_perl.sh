awk '{ count[$3]++ } END { for (key in count) print key, count[key] | "sort -n" }' lines
awk 'BEGIN { while (("seq 1 5" | getline line) > 0) sum += line; print sum }'
awk 'BEGIN { srand(); print (rand() < 1); system("echo from system"); print ENVIRON["LANG"] }'
awk 'BEGIN { printf "%.3f\n", sin(1) }'
perl -e '
    while (<>) { my @f = split; $h{$f[2]}++ }
    print "$_ $h{$_}\n" for sort { $a <=> $b } keys %h;
' lines
perl -e 'my %h = map { $_ => 1 } 1 .. 50; print join(",", keys %h), "\n"' >order
wc -w order
perl -e '
    print rand() < 1 ? "random\n" : "no\n";
    $| = 1;
    my $child = fork;
    if (!$child) { print "child\n"; exit 3 }
    waitpid $child, 0;
    print $? >> 8, "\n";
'
perl -MFile::Temp=tempfile -e '
    my ($file, $name) = tempfile(UNLINK => 1);
    print $file "x\n";
    close $file;
    print -s $name, "\n";
'
perl -MTime::HiRes=time,sleep -e 'my $t = time; sleep 0.05; print time - $t >= 0.05, "\n"'
perl -e '$SIG{ALRM} = sub { print "alarm\n"; exit 0 }; alarm 1; select undef, undef, undef, 5'
perl -e '
    open my $pipe, "-|", "seq 1 1000" or die;
    my $sum = 0;
    $sum += $_ while <$pipe>;
    print "$sum\n";
    print `echo ticks`;
'
perl -MDigest::MD5=md5_hex -MPOSIX -e '
    print md5_hex("x"), " ", POSIX::floor(2.5), " ", $$ == POSIX::getpid(), "\n";
'
perl -MIO::Socket::INET -e '
    my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die;
    if (!fork) {
        my $client = IO::Socket::INET->new(
            PeerAddr => "127.0.0.1", PeerPort => $listener->sockport);
        print $client "hello\n";
        exit;
    }
    my $served = $listener->accept;
    print scalar <$served>;
    wait;
'
