// It sends connections through its channel whose last close waits for hours (SO_LINGER): so would whoever reads there.
//
// verdict = ["time_limit", "runtime_error"]
// time_limit_s = 0.1
// function = "f"
// tests = [[[3], 7]]

#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int f(int n) {
    static char junk[60000];
    for (int i = 0; i < 40; i++) {
        int listening = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        bind(listening, (sockaddr*)&at, size);
        listen(listening, 1);
        getsockname(listening, (sockaddr*)&at, &size);
        int one = socket(AF_INET, SOCK_STREAM, 0);
        connect(one, (sockaddr*)&at, size);
        accept(listening, 0, 0);
        close(listening);
        fcntl(one, F_SETFL, O_NONBLOCK);
        while (write(one, junk, sizeof junk) > 0) {}
        linger how{1, 30000};
        setsockopt(one, SOL_SOCKET, SO_LINGER, &how, sizeof how);
        char space[CMSG_SPACE(sizeof one)] = {};
        iovec text{junk, 1};
        msghdr message{};
        message.msg_iov = &text;
        message.msg_iovlen = 1;
        message.msg_control = space;
        message.msg_controllen = sizeof space;
        cmsghdr* rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof one);
        memcpy(CMSG_DATA(rights), &one, sizeof one);
        for (int k = 0; k < 3; k++) write(3, junk, sizeof junk);
        sendmsg(3, &message, 0);
        close(one);
    }
    pause();
    return 0;
}
