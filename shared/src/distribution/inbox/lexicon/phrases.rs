//! The phrases that are understood by default. Settings can replace each list (`LEXICON_…`).

/// Phrases that accept an offer (`LEXICON_OK`).
pub const OK: &str = "ok,oke,okay,okey,oky,okeh,okei,oklah,okelah,okdeh,okedeh,okidoki,oh ok,oh oke,siap,siyap,syap,ready,\
gas,gaskeun,gaskan,gas kan,gaspol,gas pol,cus,cuss,hayuk,hayu,ayo,ambil,ambilkan,saya ambil,aku ambil,gue ambil,gw ambil,gua ambil,\
sy ambil,ambil saya,saya ambil ya,saya yang ambil,biar saya,biar saya yang ambil,saya handle,saya pegang,saya tangani,\
saya proses,saya follow up,saya fu,saya mau,aku mau,mau,saya terima,terima,diterima,saya bersedia,bersedia,saya siap,saya lanjut,\
saya sanggup,sanggup,saya bisa,bisa,acc,accept,accepted,claim,klaim,take,mine,deal,setuju,sepakat,confirm,konfirmasi,confirmed,\
yes,yess,yoi,yup,yap,yep,sikat,sikattt,laksanakan,meluncur,otw,on it,i take it,copy that,roger,👍,👌,✅,☑,✔,✓,🆗,💪,🫡,🤙,🙋,🙋‍♂,🙋‍♀";

/// Phrases that accept an offer only if the message says nothing else (`LEXICON_ASSENT`). Beside another phrase they
/// are politeness: `lewati ya`.
pub const ASSENT: &str = "ya,iya,y,ye,yaa,iye,iyes,iyah,yah,sip,siip,sipp,baik,baiklah,baek,noted,lanjut,lanjutkan,mantap,mantab,mantul,\
saya,aku,gue,gw,in,saya in,boleh,bolehlah,betul,benar,inggih,nggih,enggih,njih,👏,🔥";

/// Phrases that decline an offer (`LEXICON_DECLINE`).
pub const DECLINE: &str = "lewati,lewat,lewatin,lewatkan,dilewati,pass,skip,skip dulu,lewat dulu,next,lempar,oper,operkan,oper saja,\
alihkan,kasih yang lain,kasih teman lain,ke yang lain,yang lain saja,untuk yang lain,tolak,menolak,saya tolak,nolak,reject,decline,\
tidak,tdk,enggak,nggak,ngga,gak,ga,gk,kagak,ndak,nope,tidak dulu,gak dulu,ga dulu,nggak dulu,jangan saya,bukan saya,\
tidak bisa,tdk bisa,gak bisa,ga bisa,nggak bisa,gabisa,enggak bisa,belum bisa,tidak ambil,gak ambil,ga ambil,nggak ambil,\
saya tidak bisa,saya gak bisa,saya ga bisa,saya nggak bisa,tidak mau,gak mau,ga mau,tidak sanggup,lagi sibuk,sedang sibuk,\
lagi cuti,lagi libur,👎,❌,✖,🚫,🙅";

/// Phrases that can be added to either and change nothing (`LEXICON_POLITE`).
pub const POLITE: &str = "pak,pa,bu,bapak,ibu,kak,kakak,ka,mas,mbak,mba,bang,bg,abang,bos,boss,bosku,bosque,bosqu,bos que,bos ku,bosq,\
gan,min,admin,mimin,ci,cici,ko,koko,dek,dik,adik,tante,om,sis,bro,sist,say,guys,komandan,ndan,dan,suhu,chief,team,tim,deh,dong,lah,\
nih,sih,kok,ini,itu,dulu saja,terima kasih,terimakasih,makasih,mksh,makasi,tq,thx,thanks,thank you,ty,trims,trimakasih,trm ksh,\
matur nuwun,nuwun,hatur nuhun,alhamdulillah,bismillah,insyaallah siap,semangat,maaf,mohon maaf,sorry,punten,selamat pagi,selamat siang,\
selamat sore,selamat malam,pagi,siang,sore,malam,assalamualaikum,halo,hai,sekarang,segera,langsung,secepatnya,lead,penawaran,86,leadnya,lead nya,clientnya,\
saya hubungi,saya telepon,saya telp,saya kontak,saya chat,saya follow,segera saya hubungi,langsung saya hubungi,nanti saya hubungi,\
akan saya hubungi,saya segera hubungi,segera hubungi,segera dihubungi,hubungi,segera meluncur,segera follow up,🙏,😊,😀,😁,😄,🙂,😎,❤,❤️,💯,🚀,✨,🏃,🤝,\
❗,‼";

/// Words that an offer's code or number must follow: `kode D56`, `ok nomor 2`.
pub(super) const NAMING: &str = "kode,code,nomor,nmr,no,yang,yg,untuk,utk,buat";

/// Phrases that ask for the commands (`LEXICON_HELP`).
pub const HELP: &str = "bantuan,help,menu";
/// Phrases that ask for the agent's places and open offers (`LEXICON_QUEUE`).
pub const QUEUE: &str = "antrian,antrean";
/// Phrases that start a break (`LEXICON_PAUSE`).
pub const PAUSE: &str = "istirahat,jeda";
/// Phrases that end a break (`LEXICON_RESUME`).
pub const RESUME: &str = "siap kerja,mulai kerja,aktif";
/// Phrases that ask for a hangus lead for which the agent was late (`LEXICON_SECOND_CHANCE`).
pub const SECOND_CHANCE: &str =
    "beri saya kesempatan lagi,beri kesempatan lagi,beri kesempatan,kesempatan";
/// Phrases with which a manager assigns a lead: `tugaskan H12 B` (`LEXICON_ASSIGN`).
pub const ASSIGN: &str = "tugaskan,assign";
/// Phrases that announce days off, with their end: `cuti sampai Jumat` (`LEXICON_LEAVE`).
pub const LEAVE: &str = "cuti,libur,saya cuti,saya libur,ambil cuti,izin cuti,off";
/// Words with which a manager asks for the summary, or switches it: `ringkasan off` (`LEXICON_SUMMARY`).
pub const SUMMARY: &str = "ringkasan,laporan";
/// Phrases with which a client asks for no more messages (`LEXICON_STOP`).
pub const STOP: &str = "stop,berhenti,unsubscribe,stop chat,stop wa,stop kirim,stop kirim pesan,stop hubungi saya,stop dong,\
jangan hubungi,jangan hubungi lagi,jangan hubungi saya,jangan hubungi saya lagi,jangan chat,jangan chat lagi,jangan chat saya,\
jangan chat saya lagi,jangan wa lagi,jangan wa saya lagi,jangan kirim pesan lagi,berhenti berlangganan,berhenti kirim pesan,\
berhenti menghubungi saya,tidak mau dihubungi,tidak mau dihubungi lagi,gak mau dihubungi,hapus nomor saya,hapus data saya";

/// Phrases that say that a visit took place (`LEXICON_VISIT_DONE`).
pub const VISIT_DONE: &str = "sudah,sdh,udah,udh,sudah datang,sudah jadi,sudah selesai,sudah survei,sudah kunjungan,client sudah datang,\
klien sudah datang,client datang,klien datang,orangnya datang,datang,jadi datang,selesai,done";
/// Phrases that say that the client did not come (`LEXICON_VISIT_NO_SHOW`).
pub const VISIT_NO_SHOW: &str = "tidak datang,tdk datang,gak datang,ga datang,nggak datang,enggak datang,ngga datang,client tidak datang,\
klien tidak datang,tidak jadi datang,gak jadi datang,ga jadi datang,nggak jadi datang,tidak muncul,gak muncul,no show,batal datang";
/// Phrases that say that a visit is to be booked for another time (`LEXICON_VISIT_TO_MOVE`).
pub const VISIT_TO_MOVE: &str = "jadwal ulang,jadwalkan ulang,dijadwal ulang,minta jadwal ulang,reschedule,minta reschedule,re schedule,\
ganti jadwal,ganti hari,diundur,mundur,ditunda";

/// The lists of phrases that a lexicon is made of, each separated by commas.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'list> {
    /// Phrases that accept an offer.
    pub ok: &'list str,
    /// Phrases that accept an offer if the message says nothing else.
    pub assent: &'list str,
    /// Phrases that decline an offer.
    pub decline: &'list str,
    /// Phrases that can be added to any other.
    pub polite: &'list str,
    /// Phrases that ask for the commands.
    pub help: &'list str,
    /// Phrases that ask for the agent's places and open offers.
    pub queue: &'list str,
    /// Phrases that start a break.
    pub pause: &'list str,
    /// Phrases that end a break.
    pub resume: &'list str,
    /// Phrases that ask for a hangus lead.
    pub second_chance: &'list str,
    /// Phrases with which a manager assigns a lead.
    pub assign: &'list str,
    /// Phrases with which a client asks for no more messages.
    pub stop: &'list str,
    /// Phrases that announce days off.
    pub leave: &'list str,
    /// Words with which a manager asks for the summary.
    pub summary: &'list str,
    /// Phrases that say that a visit took place.
    pub visit_done: &'list str,
    /// Phrases that say that the client did not come to a visit.
    pub visit_no_show: &'list str,
    /// Phrases that say that a visit is to be booked for another time.
    pub visit_to_move: &'list str,
}

impl Default for Lists<'_> {
    fn default() -> Self {
        Self {
            ok: OK,
            assent: ASSENT,
            decline: DECLINE,
            polite: POLITE,
            help: HELP,
            queue: QUEUE,
            pause: PAUSE,
            resume: RESUME,
            second_chance: SECOND_CHANCE,
            assign: ASSIGN,
            stop: STOP,
            leave: LEAVE,
            summary: SUMMARY,
            visit_done: VISIT_DONE,
            visit_no_show: VISIT_NO_SHOW,
            visit_to_move: VISIT_TO_MOVE,
        }
    }
}
