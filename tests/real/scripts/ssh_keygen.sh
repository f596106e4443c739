ssh-keygen -q -t ed25519 -N '' -C me -f ed
ssh-keygen -q -t rsa -b 2048 -N secret -C me -f rsa
ssh-keygen -l -f ed.pub | cut -c 1-10
ssh-keygen -y -f ed | cut -c 1-20
echo data >data
ssh-keygen -q -Y sign -f ed -n file data
echo $?
ssh-keygen -y -f rsa -P wrong 2>/dev/null
echo $?
ssh-keygen -B -f ed >bubble
ssh-keygen -y -f rsa -P secret | cmp - <(cut -d ' ' -f 1-3 rsa.pub) && echo same
